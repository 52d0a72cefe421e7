-- How much an auditor should mind an event.
create or replace function audit_severity(p_type text, p_data jsonb)
returns text language sql immutable parallel safe as $$
  select case
    when p_type = 'CameraStatusChanged' and p_data ->> 'to' = 'error' then 'error'
    when p_type = 'HeartbeatRecorded' and p_data ->> 'status' = 'error' then 'error'
    when p_type in (
      'CameraRemoved', 'CameraErased', 'CameraStopped', 'ProjectionEventSkipped', 'ReactionEventSkipped', 'TokensRevoked'
    )
      then 'warning'
    else 'info'
  end
$$;
