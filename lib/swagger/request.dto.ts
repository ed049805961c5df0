import { ApiProperty } from '@nestjs/swagger';
import type { BindingRequestResult, LoginRequestResult } from '../interfaces/requests.interface.js';

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
