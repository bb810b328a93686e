import { Global, Module } from '@nestjs/common';
import { ManagerOptions } from '../config/manager.options.js';
import { ApiKeyAuthenticator } from './api-key.authenticator.js';
import { Authentication } from './authentication.js';
import { Authenticator } from './principal.js';

/** Who asks; for the guard of every request. */
@Global()
@Module({
  providers: [
    {
      provide: Authenticator,
      inject: [ManagerOptions],
      useFactory: ({ apiKey }: ManagerOptions) => new ApiKeyAuthenticator(apiKey),
    },
    Authentication,
  ],
  exports: [Authentication],
})
export class AuthenticationModule {}
