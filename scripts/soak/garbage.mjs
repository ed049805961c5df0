/** Frames that say nothing, each complete, so that it harms no other. */
export const GARBAGE = [
  ': a comment\n\n',
  ':\r\n\r\n',
  'data\n\n',
  'data: no json\n\n',
  'data: {"type":"approved"\n\n',
  'data: {"type":"approved"}\n\n',
  'data: {"type":"approved","login_request_id":null,"agent_passport_jwt":"a.b.c"}\n\n',
  'data: {"type":"approved","login_request_id":"lr_unheard-of"}\n\n',
  'data: {"type":"approved","login_request_id":"lr_unheard-of","agent_passport_jwt":"a.b.c"}\n\n',
  'data: {"type":"expired","login_request_id":{}}\n\n',
  'data: [1,2,3]\n\ndata: null\n\ndata: 7\n\n',
  'data: {"type":"error","code":"CHANNEL_DOWN","message":"redis unavailable"}\n\n',
  'data: {"type":"challenge"}\r\n\r\n',
  'event: something\nid: 7\nretry: 60\ndata: {"type":\ndata: "keepalive"}\n\n',
  'id\nretry: never\nunknown: field\n\n',
  Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0xfe, 0xc3, 0x0a, 0x0a]),
];
