-- Which cameras are meant to run now.
create index camera_runs_open on camera_runs (camera_id) where ended_at is null;
