-- Something to embed, so that the example is not empty. Your own tables take its place.
create table articles (id bigint generated always as identity primary key, title text not null, body text);
insert into articles (title, body) values
  ('The lake house', 'A quiet place near the water, with a jetty and no neighbours.'),
  ('City nights', 'Neon and noise: where to dance until the morning.');
