-- Holds the number until the text leg's migration is merged.
select 1;
