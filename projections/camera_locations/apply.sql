-- Keeps what each description of a camera says of its place.
-- Inputs: camera_registered, camera_described

insert into camera_locations (camera_id, position, since, location)
select camera_id, position, recorded_at, nullif(location, '')
from camera_registered
union all
select camera_id, position, recorded_at, nullif(location, '')
from camera_described;
