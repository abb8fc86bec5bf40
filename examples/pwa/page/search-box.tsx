/** Where one types, and what came of it. */
import type { SearchView } from 'evervec/react';
import type { RefObject } from 'react';

interface Props {
  input: RefObject<HTMLInputElement | null>;
  query: string;
  search: SearchView;
  isInstalled: boolean;
  onQuery: (query: string) => void;
}

export function SearchBox({ input, query, search, isInstalled, onQuery }: Props) {
  return (
    <form role="search" className="search" onSubmit={(event) => event.preventDefault()}>
      <label className="title" htmlFor="query">
        Ask the guide
      </label>
      <div className="field">
        <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
          <g fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round">
            <circle cx="9" cy="9" r="5.5" />
            <path d="M13.2 13.2L17 17" />
          </g>
        </svg>
        <input
          ref={input}
          id="query"
          type="search"
          value={query}
          maxLength={500}
          autoComplete="off"
          spellCheck={false}
          enterKeyHint="search"
          placeholder="How do I …"
          aria-describedby="outcome"
          onChange={(event) => onQuery(event.target.value)}
        />
        <kbd aria-hidden="true">/</kbd>
      </div>
      <p className="outcome">
        <span id="outcome" role="status">
          {outcomeOf(query, search, isInstalled)}
        </span>
        <Took search={search} />
      </p>
    </form>
  );
}

function outcomeOf(query: string, { hits, response, error }: SearchView, isInstalled: boolean) {
  if (query.trim() === '') return '';
  if (!isInstalled) return 'The guide is not on this device yet.';
  if (error !== null) return error.message;
  if (response === null) return 'Searching';
  if (hits.length === 0) return 'Nothing was found. Say it in other words.';
  const count = hits.length === 1 ? '1 page' : `${hits.length} pages`;
  return response.warning === undefined ? count : `${count}, by words alone`;
}

/** Not read out: it changes with each key. */
function Took({ search: { response } }: Pick<Props, 'search'>) {
  if (response === null || response.hits.length === 0) return null;
  return (
    <span aria-hidden="true">
      {' '}
      in {Math.max(0.1, response.milliseconds).toFixed(1)} ms, on this device
    </span>
  );
}
