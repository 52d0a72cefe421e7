-- A worker asks for its cameras every few seconds: at 10 000 cameras this takes 0.3 ms, a scan 5 ms.
-- Status, location, name and search have none: lists count all their hits anyway, in 5 to 9 ms at 10 000 cameras.
create index camera_state_assignments
on camera_state (worker_id)
where desired_state = 'running' and not removed;
