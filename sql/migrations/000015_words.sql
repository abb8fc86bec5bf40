-- Held for the search by words.
select 1;
