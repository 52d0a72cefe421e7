-- How far what readers see has come, one row a projection.
create or replace view read.checkpoints as
select projection_builds.projection, projection_checkpoints.position
from projection_builds
join projection_checkpoints using (build)
where projection_builds.state = 'active';
