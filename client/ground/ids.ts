/** 32 hexadecimal digits as addresses write them (RFC 9562). */
export const dashed = (id: string): string => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
