/** What training can compute with. */
export const TRAINING_ENGINES = ['tensorflow', 'webgpu'] as const;
export type TrainingEngine = (typeof TRAINING_ENGINES)[number];

/** What convolutions multiply while training. */
export const TRAINING_PRECISIONS = ['float32', 'bfloat16'] as const;
export type TrainingPrecision = (typeof TRAINING_PRECISIONS)[number];
