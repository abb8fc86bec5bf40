-- Equal texts of different records share one vector where a call of the model is dearer than looking: with any model but the
-- embedded one, whose vectors are faster to make than to find.

alter table evervec.spaces add column shares_texts boolean not null default false;
update evervec.spaces set shares_texts = true where model_id not like 'evervec/%';

do $$
declare
  space evervec.spaces;
begin
  for space in select * from evervec.spaces where shares_texts loop
    execute format('create index %I on evervec.%I (text_hash) where embedding is not null',
      'chunks_' || space.id || '_hash', 'chunks_' || space.id);
  end loop;
end $$;
