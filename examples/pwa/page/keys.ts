/** The keyboard: `/` leads to the search, the arrows through what was found, Escape back. */
import { type RefObject, useEffect, useRef } from 'react';
import { leave } from './route.ts';

/** What the arrows go through, in this order. */
const STOPS = '#query, .hit, .contents a';

/** @returns goes on the search's field */
export function useKeys(): RefObject<HTMLInputElement | null> {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
      if (takes(event.key, event.target, input.current)) event.preventDefault();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  return input;
}

/** @returns whether the key did something here */
function takes(key: string, target: EventTarget | null, input: HTMLInputElement | null): boolean {
  const isTyping = target instanceof HTMLInputElement;
  if (key === '/' && !isTyping) input?.select();
  else if (key === 'Escape' && target !== input && !isPanelOpen()) {
    leave();
    input?.focus();
  } else if (key === 'ArrowDown' || key === 'ArrowUp')
    return move(target, key === 'ArrowDown' ? 1 : -1);
  else if (key === 'Enter' && target === input)
    document.querySelector<HTMLElement>('.hit')?.click();
  else return false;
  return true;
}

/** Escape closes it. */
function isPanelOpen(): boolean {
  return document.querySelector(':popover-open') !== null;
}

function move(target: EventTarget | null, by: 1 | -1): boolean {
  const stops = [...document.querySelectorAll<HTMLElement>(STOPS)];
  const at = stops.findIndex((stop) => stop === target);
  const next = at < 0 ? undefined : stops[at + by];
  next?.focus();
  return next !== undefined;
}
