-- Holds the number until the vector leg's migration is merged.
select 1;
