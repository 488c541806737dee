/** Every part of the report, in its order. */
import { COMPUTE } from './compute-section.ts';
import { FOOTPRINT } from './footprint-section.ts';
import { FRR } from './frr-section.ts';
import { KERNEL } from './kernel-section.ts';
import { LAB } from './lab/section.ts';
import { ROUTERS } from './routers-section.ts';
import type { Section } from './section.ts';

export const SECTIONS: readonly Section[] = [KERNEL, COMPUTE, FRR, FOOTPRINT, ROUTERS, LAB];
