-- Weights of words as a function that Postgres puts into the statement that asks for them: called, it is read and planned
-- anew by each statement, and started anew for each chunk.

create function evervec.weights_of(words tsvector, average_words float8) returns table (weights vector.sparsevec)
language sql immutable parallel safe
begin atomic
  select ('{' || coalesce(string_agg(array_to_string(ids, weight || ',') || weight, ','), '') || '}/1000000000')::vector.sparsevec
  from (
    select array_agg(id) as ids, ':' || round(times * 2200000::float8
      / (times + 1.2::float8 * (0.25::float8 + 0.75::float8 * (sum(times * count(*)) over ()) / average_words))) as weight
    from (
      -- Two lexemes of one number are one; more than 16,000 no sparse vector holds, and the rest is as if it were not there.
      select evervec.word_id(lexeme) as id, sum(coalesce(cardinality(positions), 1)) as times
      from unnest(words) group by 1 limit 16000
    ) counted
    group by times
  ) alike;
end;

-- For workers of the version before, while they are replaced, and for whoever looks at a single text.
create or replace function evervec.term_weights(words tsvector, average_words float8) returns vector.sparsevec
language sql immutable parallel safe
return (select weights from evervec.weights_of(words, average_words));
