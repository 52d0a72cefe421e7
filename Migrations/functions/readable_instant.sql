-- An instant as text from outside; null where it is none.
create or replace function readable_instant(p_text text) returns timestamptz language plpgsql stable as $$
begin
  return p_text::timestamptz;
exception when data_exception then
  return null;
end
$$;
