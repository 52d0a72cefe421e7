-- Every character of a text and every two that follow one another, some perhaps more than once: what a pattern of one
-- or two characters is looked up in, since it has no trigram.
create or replace function short_texts(p_text text) returns text[] language plpgsql immutable parallel safe strict as $$
declare
  v_last text;
  v_next text;
  v_texts text[] := '{}';
begin
  foreach v_next in array string_to_array(p_text, null) loop
    v_texts := array_append(v_texts, v_next);
    if v_last is not null then v_texts := array_append(v_texts, v_last || v_next); end if;
    v_last := v_next;
  end loop;
  return v_texts;
end
$$;
