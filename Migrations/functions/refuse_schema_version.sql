-- Fails at an event that a read model is made from, in a schema version that this release does not know.
create or replace function refuse_schema_version(p_type text, p_schema_version smallint) returns void language plpgsql as $$
begin
  raise exception '% has schema version %, which this release cannot read', p_type, p_schema_version
  using errcode = 'FF010';
end
$$;
