/** Why something is announced or not: every rule passed or failed, and what became of it on each upstream. */
import { compareCandidates } from '../core/claims.ts';
import type { Candidate, Check } from '../core/eligibility.ts';
import { announcementOn, type Announcement } from './announcement.ts';
import { candidateToJson } from './json.ts';
import { orphansFor, type Orphan } from './orphans.ts';
import { questionsOf, type Question } from './question.ts';
import type { Report } from './report.ts';

/** What a question is about. */
export interface Found {
  readonly candidates: readonly Candidate[];
  readonly orphans: readonly Orphan[];
}

/** One candidate with all its checks and its fate. */
export interface Explained {
  readonly candidate: Candidate;
  readonly checks: readonly Check[];
  readonly upstreams: readonly Announcement[];
}

type Facts = Pick<Report, 'candidates' | 'checksOf' | 'upstreams'>;

/** The candidates and leftover routes that a prefix, an address, an id or a name stands for; none where nothing fits. */
export function find(what: string, facts: Facts): Found {
  const answers = questionsOf(what).map((fits) => fitting(fits, facts));
  return (
    answers.find(({ candidates, orphans }) => candidates.length + orphans.length > 0) ?? {
      candidates: [],
      orphans: [],
    }
  );
}

/** Judges the candidates once more, rule by rule. */
export function explain(
  candidates: readonly Candidate[],
  { checksOf, upstreams }: Facts,
): readonly Explained[] {
  const checks = checksOf(candidates);
  return candidates.map((candidate, i) => ({
    candidate,
    checks: checks[i] ?? [],
    upstreams: upstreams.map((upstream) => announcementOn(upstream, candidate)),
  }));
}

/** The JSON form of an answer. */
export function explanationToJson(
  query: string,
  explained: readonly Explained[],
  orphans: readonly Orphan[],
): Record<string, unknown> {
  const candidates = explained.map(({ candidate, checks, upstreams }) => ({
    ...candidateToJson(candidate, checks),
    upstreams,
  }));
  return { query, candidates, orphans };
}

function fitting(fits: Question, { candidates, upstreams }: Facts): Found {
  return {
    // Whoever asks gets them in the same order.
    candidates: candidates
      .filter((each) => fits(each.prefix, namesOf(each)))
      .sort(compareCandidates),
    orphans: upstreams.flatMap((upstream) => orphansFor(upstream, fits)),
  };
}

function namesOf({ router, subnet }: Candidate): readonly (string | undefined)[] {
  return [router.id, router.name, subnet?.id, subnet?.name];
}
