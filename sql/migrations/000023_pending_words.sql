-- What writers add to a GIN index waits in a list that every search by words reads from end to end, and whoever fills it empties it: at
-- the 4 MB that are usual, searches took 80 ms and now and then a second beside 50 changes a second. A small list is read and emptied in no
-- time. https://www.postgresql.org/docs/current/gin.html#GIN-FAST-UPDATE
do $$
declare
  index text;
begin
  for index in select format('evervec.%I', 'chunks_' || id || '_words') from evervec.spaces where indexed_at is not null loop
    continue when to_regclass(index) is null;
    execute format('alter index %s set (gin_pending_list_limit = 128)', index);
  end loop;
end $$;
