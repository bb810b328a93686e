import { Module } from '@nestjs/common';
import { ExternalDeletions } from './external.deletions.js';
import { Obituary } from './obituary.js';
import { TombstonePruner } from './tombstone.pruner.js';
import { TombstoneStore } from './tombstone.store.js';
import { Tombstones } from './tombstones.js';

/** Why sandboxes are gone. */
@Module({
  providers: [ExternalDeletions, Obituary, TombstonePruner, TombstoneStore, Tombstones],
  exports: [Obituary, Tombstones],
})
export class TombstonesModule {}
