-- Texts and words of chunks are stored as they are. To compress them was a fifth of what the embedded database does for an import, and words
-- hardly become smaller. What is stored already stays compressed until it is written again.

do $$
declare
  chunks text;
begin
  for chunks in select format('evervec.%I', 'chunks_' || id) from evervec.spaces order by id loop
    continue when to_regclass(chunks) is null;
    execute format('alter table %s alter column text set storage external, alter column words set storage external', chunks);
  end loop;
end $$;
