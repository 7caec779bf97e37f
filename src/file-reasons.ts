/** Why a file could not be used, in words for people: the system's names for it (ENOENT) mean nothing to them. */
import { getSystemErrorMessage } from 'node:util';

type Reasons = Readonly<Record<string, string>>;

const REASONS: Reasons = {
  EIO: 'the disk failed',
  EDQUOT: 'your share of the disk is used up',
  EISDIR: 'it is a folder',
  ELOOP: 'its links lead round in a circle',
  EMFILE: 'too many files are open (ulimit -n)',
  ENAMETOOLONG: 'the name is too long',
  ENOSPC: 'the disk is full',
  EPERM: 'the system does not allow it',
  EROFS: 'the disk is read-only',
};

const READ_REASONS: Reasons = {
  ...REASONS,
  EACCES: 'this user may not read it',
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
};

const WRITE_REASONS: Reasons = {
  ...REASONS,
  EACCES: 'this user may not write there',
  EEXIST: 'there is something else under that name',
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
};

/** What asks whether a file is there needs no right to the file itself, only the right to enter its folders. */
const LOOKS = new Set(['stat', 'lstat', 'realpath']);
const MAY_NOT_ENTER = 'this user may not enter its folder';

/** The result codes of SQLite, by their first byte; the second one says more than is needed here. */
const SQLITE_REASONS: Readonly<Record<number, string>> = {
  5: 'another program has held it for long',
  8: 'the disk is read-only, or this user may not write there',
  13: 'the disk is full',
  14: 'no file can be written in its folder',
};

/** Why a file could not be read. `own`: words of the caller, by those of the system. */
export function whyUnread(error: unknown, own: Reasons = {}): string {
  return reason(error, READ_REASONS, own);
}

/** Why a file, or what belongs to it, could not be made, written or locked. `own`: as above. */
export function whyUnwritten(error: unknown, own: Reasons = {}): string {
  return reason(error, WRITE_REASONS, own);
}

/** Of what has no words of ours: the system's, without the name of the fault, the call and the path. */
function reason(error: unknown, reasons: Reasons, own: Reasons = {}): string {
  const {
    code = '',
    errno,
    errcode,
    syscall = '',
    message,
  } = error as NodeJS.ErrnoException & SqliteError;
  if (errcode !== undefined) return SQLITE_REASONS[errcode & 0xff] ?? message;
  if (code === 'EACCES' && LOOKS.has(syscall)) return MAY_NOT_ENTER;
  // Where Node has looked before the system did, as in removing a file that is a folder, it calls EISDIR so.
  const name = code.replace(/^ERR_FS_/, '');
  const words = own[name] ?? reasons[name];
  return (
    words ?? (errno === undefined ? message : (getSystemErrorMessage(-Math.abs(errno)) ?? message))
  );
}

interface SqliteError {
  readonly errcode?: number;
}
