/** All pages of the guide, where nothing is searched. */
import type { GuidePage, Pages } from './pages.ts';
import { hrefOf } from './route.ts';

const DECISIONS = /\/decisions\//;

interface Props {
  pages: Pages;
  current: string | undefined;
}

export function Contents({ pages, current }: Props) {
  const all = [...pages.values()];
  const [guide, decisions] = [
    all.filter(({ origin }) => !DECISIONS.test(origin)),
    all.filter(({ origin }) => DECISIONS.test(origin)),
  ];
  return (
    <nav className="contents" aria-label="Pages">
      <List title="Pages" pages={guide} current={current} />
      <List title="Decisions" pages={decisions} current={current} />
    </nav>
  );
}

interface ListProps {
  title: string;
  pages: readonly GuidePage[];
  current: string | undefined;
}

function List({ title, pages, current }: ListProps) {
  if (pages.length === 0) return null;
  return (
    <>
      <h2>{title}</h2>
      <ul>
        {pages.map(({ origin, title }) => (
          <li key={origin}>
            <a href={hrefOf(origin)} aria-current={origin === current ? 'page' : undefined}>
              {title}
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
