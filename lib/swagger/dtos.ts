import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  PASSPORT_EXCEPTION_CODES,
  type PassportExceptionCode,
} from '../guards/passport.exception.js';
import type { PassportClaims } from '../interfaces/passport-claims.interface.js';
import type { BindingRequestResult, LoginRequestResult } from '../interfaces/requests.interface.js';

const SECONDS = 'In seconds since the epoch';

/** The claims of a verified login passport, as a route may return them. */
export class PassportClaimsDto implements PassportClaims {
  @ApiProperty({ type: String, description: 'The agent (UUID)' })
  sub!: string;

  @ApiProperty({ type: String, description: 'The agent, the same as `sub`' })
  agent_id!: string;

  @ApiProperty({ type: String, description: 'The LIME user behind the agent (UUID)' })
  user_id!: string;

  @ApiProperty({ type: String, description: 'The login request that the agent approved' })
  request_id!: string;

  @ApiProperty({
    type: String,
    description: 'The origin of the platform',
    example: 'https://lime.pics',
  })
  iss!: string;

  @ApiProperty({ type: String, example: 'lime-site-login' })
  aud!: string;

  @ApiProperty({ type: Number, description: `Issued at. ${SECONDS}` })
  iat!: number;

  @ApiProperty({ type: Number, description: `Expires at. ${SECONDS}` })
  exp!: number;

  @ApiPropertyOptional({ type: Number, description: `Not valid before. ${SECONDS}` })
  nbf?: number;

  @ApiPropertyOptional({
    oneOf: [{ type: 'string' }, { type: 'number' }],
    description: 'The version of the claims',
    example: '5',
  })
  passport_version?: string | number;

  [claim: string]: unknown;
}

/** The body of a refusal of `PassportGuard` or `BindingPassportGuard`. */
export class PassportErrorDto {
  @ApiProperty({ type: Number, description: 'The HTTP status', example: 401 })
  statusCode!: number;

  @ApiProperty({
    type: String,
    description: 'The text of the HTTP status',
    example: 'Unauthorized',
  })
  error!: string;

  @ApiProperty({
    type: String,
    description: 'For people. Without a reason, which only the log of the site has',
    example: 'The passport is not valid here',
  })
  message!: string;

  @ApiProperty({
    enum: PASSPORT_EXCEPTION_CODES,
    description: 'Stable, for programs',
    example: 'invalid_token',
  })
  code!: PassportExceptionCode;
}

/** What `createLoginRequest()` gives, as a route may return it. */
export class LoginRequestDto implements LoginRequestResult {
  @ApiProperty({ type: String, description: 'Opaque id that the agent approves at LIME' })
  requestId!: string;

  @ApiProperty({ type: String, description: "LIME's own word", example: 'PENDING' })
  status!: string;

  @ApiProperty({ type: Date, description: 'When the request expires unless an agent approves it' })
  expiresAt!: Date;
}

/** What `createBindingRequest()` gives, as a route may return it. */
export class BindingRequestDto implements BindingRequestResult {
  @ApiProperty({ type: String, description: 'Opaque id of the binding' })
  bindingId!: string;

  @ApiProperty({
    type: String,
    format: 'uri',
    description: 'The page at LIME where the person connects an agent',
  })
  connectUrl!: string;

  @ApiProperty({ type: String, description: "LIME's own word", example: 'PENDING' })
  status!: string;

  @ApiProperty({
    type: Date,
    description: 'When the request expires unless the person completes it',
  })
  expiresAt!: Date;
}
