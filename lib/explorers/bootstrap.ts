import type { ModulesContainer } from '@nestjs/core';

interface Bootstrappable {
  onApplicationBootstrap?: () => unknown;
}

/**
 * Resolves when the last `onApplicationBootstrap` hook of the application has ended. Nest has no event for that: it calls the hooks
 * module by module, the root module's class last, so the promise resolves behind that one.
 * Call it before the bootstrap hooks are called.
 */
export function whenBootstrapped(modules: ModulesContainer): Promise<void> {
  const nearestFirst = [...modules.values()].toSorted(
    (one, other) => one.distance - other.distance,
  );
  const root = nearestFirst[0]?.instance as Bootstrappable | undefined;
  if (!root) return Promise.resolve();
  const { onApplicationBootstrap } = root;
  return new Promise((resolve) => {
    root.onApplicationBootstrap = async () => {
      try {
        await onApplicationBootstrap?.call(root);
      } finally {
        resolve();
      }
    };
  });
}
