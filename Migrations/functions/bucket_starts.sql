-- The first instants of all buckets that begin at p_from, where one does, or later and before p_to.
create or replace function bucket_starts(p_kind text, p_from timestamptz, p_to timestamptz, p_zone text)
returns setof timestamptz language plpgsql stable parallel safe rows 500 as $$
declare
  v_first timestamptz := p_from;
begin
  while v_first < p_to loop
    return next v_first;
    v_first := bucket_end(p_kind, v_first, p_zone);
  end loop;
end
$$;
