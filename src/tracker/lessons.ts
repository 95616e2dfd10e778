import type { I420Picture } from '../common/index.js';
import { cosineSimilarity, type Embedding } from '../model/index.js';
import { BoxForm, type Pick } from './box-form.js';
import type { Place } from './geometry.js';
import { rememberScene } from './scene.js';
import type { Sight } from './sight.js';
import type { Target } from './target.js';
import { towards } from './usual-size.js';

/** Looks kept, seconds between them, and the mean belief they need. */
const LOOKS = 3;
const REMEMBER_EVERY = 0.5;
const SURE = 0.7;
/** Seconds between two lessons of the memory, and what they need: the belief, and what the memory says itself. */
const LEARN_EVERY = 0.2;
const LEARNABLE = 0.6;
const FAMILIAR = 0.25;
/** Seconds in which the usual size takes in two thirds of a change. */
const USUAL = 1.5;

/** Keeps a look at the target now and then, where it is sure. */
export async function takeLook(sight: Sight, picture: I420Picture, target: Target): Promise<void> {
  if (target.seconds - target.remembered < REMEMBER_EVERY || target.presence.mean < SURE) return;
  const look = await sight.embed(picture, target.place, target.mean);
  const likeness = cosineSimilarity(target.template, look);
  target.remembered = target.seconds;
  target.scene = rememberScene(picture, target.place);
  target.likeness = Math.min(target.likeness, target.likeness + (likeness - target.likeness) * 0.5);
  target.looks = [...target.looks.slice(1 - LOOKS), look];
}

/** Takes in the target's size, where it is believed. */
export function learnSize(target: Target, belief: number, elapsed: number): void {
  if (belief < LEARNABLE) return;
  target.usual = towards(target.usual, target.place, 1 - Math.exp(-Math.max(0, elapsed) / USUAL));
}

/**
 * Teaches the memory a frame now and then, where both the belief and the memory itself say that it is the target.
 * @param at where it was searched
 * @param embedding of the search region there
 */
export function learnLook(
  sight: Sight,
  target: Target,
  belief: number,
  { place, response }: Pick,
  at: Place,
  embedding: Embedding | undefined,
): void {
  const { memory, seconds, learnt } = target;
  const { form } = sight;
  if (!embedding || belief < LEARNABLE) return;
  if (!memory || !(form instanceof BoxForm) || seconds - learnt < LEARN_EVERY) return;
  if ((response?.remembered ?? 0) < FAMILIAR) return;
  target.learnt = seconds;
  memory.learn(embedding, form.cellPlace(place, at, sight.scale(at), embedding.side));
}
