/** What training can compute with. */
export const TRAINING_ENGINES = ['tensorflow', 'webgpu'] as const;
export type TrainingEngine = (typeof TRAINING_ENGINES)[number];
