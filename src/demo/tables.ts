/**
 * The embedded cloud's memory: one table per Neutron collection, with ids, times and revisions kept as Neutron keeps
 * them. It knows no rules between objects; those are in `model.ts`.
 */
import { createHash } from 'node:crypto';
import { type Collections, type Kind, notFound } from './neutron-objects.ts';

type Rows = { readonly [K in Kind]: Map<string, Collections[K]> };

/** The standard attributes of a new object, apart from its name. */
export interface Birth {
  readonly id: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly revision_number: number;
}

export class Tables {
  readonly #rows: Rows = {
    networks: new Map(),
    subnets: new Map(),
    routers: new Map(),
    ports: new Map(),
    floatingips: new Map(),
    subnetpools: new Map(),
    'address-scopes': new Map(),
  };
  readonly #seed: string;
  readonly #clock: () => Date;
  #drawn = 0;

  /** Ids come from `seed` and a counter, so the same calls give the same cloud. */
  constructor(seed: string, clock: () => Date) {
    this.#seed = seed;
    this.#clock = clock;
  }

  /** 32 hexadecimal digits: the form of Keystone's ids. */
  drawHex(): string {
    this.#drawn += 1;
    return createHash('sha256').update(`${this.#seed}/${this.#drawn}`).digest('hex').slice(0, 32);
  }

  /** A version 4 UUID: the form of Neutron's ids. */
  drawUuid(): string {
    const hex = this.drawHex();
    const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`];
    return [...parts, `a${hex.slice(17, 20)}`, hex.slice(20)].join('-');
  }

  /** The birth certificate of a new object. */
  born(): Birth {
    const now = this.#now();
    return { id: this.drawUuid(), created_at: now, updated_at: now, revision_number: 0 };
  }

  insert<K extends Kind>(kind: K, row: Collections[K]): Collections[K] {
    this.#rows[kind].set(row.id, row);
    return row;
  }

  /** Throws NeutronError 404 when there is none. */
  get<K extends Kind>(kind: K, id: string): Collections[K] {
    const row = this.#rows[kind].get(id);
    if (row === undefined) {
      throw notFound(kind, id);
    }
    return row;
  }

  /** All rows in the order of Neutron's lists: by id. */
  list<K extends Kind>(kind: K): readonly Collections[K][] {
    const rows = [...this.#rows[kind].values()] as Collections[K][];
    return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Changes fields, counts the revision up and sets updated_at. */
  update<K extends Kind>(kind: K, id: string, change: Partial<Collections[K]>): Collections[K] {
    const before = this.get(kind, id);
    const stamp =
      'revision_number' in before
        ? { revision_number: before.revision_number + 1, updated_at: this.#now() }
        : {};
    return this.insert(kind, { ...before, ...change, ...stamp });
  }

  delete(kind: Kind, id: string): void {
    this.get(kind, id);
    this.#rows[kind].delete(id);
  }

  #now(): string {
    return this.#clock()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
  }
}
