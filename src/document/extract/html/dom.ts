/** The nodes that cheerio works on, by way of its own types. */
import type { Cheerio } from 'cheerio';

type NodeOf<Found> = Found extends Cheerio<infer One> ? One : never;

export type Element = NodeOf<ReturnType<Cheerio<never>['find']>>;
export type AnyNode = Element['children'][number];
