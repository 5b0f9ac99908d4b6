#!/usr/bin/env node
'use strict';
/* Records the shape of a running Node program's heap as a V8 heap snapshot without its contents.
 *
 *     node --require ./scripts/record-node-heap.js app.js             records when the program exits
 *     node scripts/record-node-heap.js --out app.heapsnapshot.gz app.js ...                 the same
 *     kill -USR2 PID                                                  records now, as often as wanted
 *     require('./record-node-heap.js').record('app.heapsnapshot.gz')                 records right here
 *
 * The first three write to the file that the environment variable RECLAIM_HEAP_FILE names, where %p stands for the
 * process id; by default heap-%p.heapsnapshot.gz in the working directory. The signal works in a program that was
 * started in one of the first two ways; once recorded so, it is not recorded again when it exits. A program that a
 * signal kills has no exit to be recorded at. Threads of the worker_threads module have heaps of their own, which are
 * not recorded.
 *
 * What is kept: the objects, their kinds and sizes, the references between them and their kinds. What is erased before
 * anything reaches the file: every string, and with them the names of functions, classes, properties, variables and
 * source files, and what the program's strings said; the index or key by which an object refers to another, since a
 * program may use numbers of its own as keys; positions in the source. The file keeps V8's layout, as the browser's
 * developer tools expect it.
 *
 * The program stands still meanwhile: V8 collects garbage, builds its own picture of the heap, which takes more memory
 * than the heap itself, and writes it out in small pieces, each of which is erased, compressed and written before
 * the next is made. A name that ends in .gz makes a gzip file; a failure leaves no file behind.
 *
 * Needs Node 16 or later, and nothing else. */

const fs = require('fs');
const path = require('path');
const v8 = require('v8');
const zlib = require('zlib');

const DEFAULT_FILE = 'heap-%p.heapsnapshot.gz';

/* How much text is compressed at a time. */
const PIECE_BYTES = 4 << 20;

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const COMMA = ','.charCodeAt(0);
const COLON = ':'.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);
const NINE = '9'.charCodeAt(0);
const NOTHING = -1;

/* What becomes of the sections of a snapshot, the members of the one object that it is. Of a section that is not here,
 * which is about source positions or times, or new in some later version of V8, only the empty list or object is left.
 *     whole      V8's description of the format, and two counts
 *     records    numbers; those of the field `erase` become 0
 *     emptied    strings; each becomes "" */
const SECTIONS = new Map([
    ['snapshot', { whole: true }],
    ['nodes', { records: 'node_fields', erase: 'name' }],
    ['edges', { records: 'edge_fields', erase: 'name_or_index' }],
    ['strings', { emptied: true }],
]);
const UNKNOWN_SECTION = { removed: true };

/* Erases what a snapshot says, and keeps its shape, however the text is cut into pieces. */
class Eraser {
    constructor() {
        this.depth = 0; /* of lists and objects; a section's contents begin at depth 2 */
        this.inString = false;
        this.escaped = false; /* the byte before was a backslash that escapes */
        this.atName = false; /* what comes next at depth 1 is a section's name */
        this.name = '';
        this.section = UNKNOWN_SECTION;
        this.header = []; /* the bytes of the section "snapshot" */
        this.fieldCount = 0; /* of a record; 0 where there are no records */
        this.erasedField = 0;
        this.field = 0;
        this.erasing = false; /* a number, for which a 0 has been written already */
    }

    /* Returns what is left of the next piece of the text. It is never longer. */
    erase(piece) {
        const out = Buffer.allocUnsafe(piece.length);
        let size = 0;
        for (let i = 0; i < piece.length; i++) {
            const left = this.inString ? this.passInString(piece[i]) : this.pass(piece[i]);
            if (left !== NOTHING) out[size++] = left;
        }
        return out.subarray(0, size);
    }

    pass(c) {
        const isDigit = c >= ZERO && c <= NINE;
        const depth = this.depth;
        if (isDigit && this.fieldCount > 0) return this.passDigit(c);
        if (!isDigit) this.passMark(c);
        if (depth > 1 && this.section.whole) this.header.push(c);
        return depth > 1 && this.depth > 1 && this.section.removed ? NOTHING : c;
    }

    passDigit(c) {
        if (this.field !== this.erasedField) return c;
        if (this.erasing) return NOTHING;
        this.erasing = true;
        return ZERO;
    }

    passMark(c) {
        this.erasing = false;
        if (c === COMMA) this.enterElement();
        else if (c === QUOTE) this.enterString();
        else if (c === COLON) this.atName = false;
        else if (c === 0x5b || c === 0x7b) this.enter(); /* [ or { */
        else if (c === 0x5d || c === 0x7d) this.leave(); /* ] or } */
    }

    enterElement() {
        if (this.fieldCount > 0) this.field = (this.field + 1) % this.fieldCount;
        this.atName = this.depth === 1;
    }

    enterString() {
        this.inString = true;
        if (this.atName) this.name = '';
    }

    passInString(c) {
        const ends = c === QUOTE && !this.escaped;
        const whole = this.atName || (this.depth > 1 && this.section.whole);
        this.escaped = c === BACKSLASH && !this.escaped;
        if (ends) this.inString = false;
        else if (this.atName) this.name += String.fromCharCode(c);
        if (whole && !this.atName) this.header.push(c);
        return whole || (ends && !(this.depth > 1 && this.section.removed)) ? c : NOTHING;
    }

    enter() {
        this.depth++;
        this.atName = this.depth === 1;
        if (this.depth === 2) this.enterSection();
    }

    enterSection() {
        this.section = SECTIONS.get(this.name) || UNKNOWN_SECTION;
        if (this.section.whole) this.header = [0x7b];
        if (this.section.records) this.enterRecords();
    }

    enterRecords() {
        const fields = JSON.parse(Buffer.from(this.header).toString()).meta[this.section.records];
        this.fieldCount = fields.length;
        this.erasedField = fields.indexOf(this.section.erase);
        this.field = 0;
        if (this.erasedField < 0) throw new Error(`this V8 has no field "${this.section.erase}" to erase`);
    }

    leave() {
        this.depth--;
        this.fieldCount = 0;
    }
}

/* Collects text into pieces, and writes each to the file, compressed when the file's name says so. A gzip file may
 * consist of several parts, which is how one is written without waiting for events that no longer come once a program
 * exits. */
class Output {
    constructor(file) {
        this.file = file;
        this.temporary = `${file}.${process.pid}.part`;
        this.compressed = file.endsWith('.gz');
        this.pieces = [];
        this.size = 0;
        this.descriptor = fs.openSync(this.temporary, 'w', 0o600);
    }

    write(piece) {
        this.pieces.push(piece);
        this.size += piece.length;
        if (this.size >= PIECE_BYTES) this.flush();
    }

    flush() {
        const text = Buffer.concat(this.pieces);
        const bytes = this.compressed ? zlib.gzipSync(text, { level: 9 }) : text;
        for (let done = 0; done < bytes.length; ) done += fs.writeSync(this.descriptor, bytes, done);
        this.pieces = [];
        this.size = 0;
    }

    finish() {
        this.flush();
        this.close();
        fs.renameSync(this.temporary, this.file);
    }

    abandon() {
        this.close();
        fs.unlinkSync(this.temporary);
    }

    close() {
        if (this.descriptor !== null) fs.closeSync(this.descriptor);
        this.descriptor = null;
    }
}

/* Hands V8's snapshot to `take`, piece by piece, before this function returns.
 *
 * The stream that Node offers makes the whole text at the first read and keeps what nobody has taken; its consumers
 * would run only later, with hundreds of megabytes waiting for them, and never when the program is exiting. So the
 * pieces are taken where the stream puts them. */
function readSnapshot(take) {
    const stream = v8.getHeapSnapshot();
    let complete = false;
    stream.push = (piece) => {
        if (piece === null) complete = true;
        else take(piece);
        return true;
    };
    stream.read(0);
    stream.destroy();
    if (!complete) throw new Error(`Node ${process.version} does not write heap snapshots in one go`);
}

/* Writes the shape of this program's heap to `file`, gzipped when its name ends in .gz. Throws when it cannot. */
function record(file) {
    const output = new Output(file);
    const eraser = new Eraser();
    let failure = null;
    readSnapshot((piece) => {
        try {
            if (failure === null) output.write(eraser.erase(piece));
        } catch (error) {
            failure = error; /* must not pass through V8, which is calling */
        }
    });
    try {
        if (failure !== null) throw failure;
        output.finish();
    } catch (error) {
        output.abandon();
        throw error;
    }
}

/* As `record`, and says so; the program that is recorded goes on either way. */
function recordAndReport() {
    const file = (process.env.RECLAIM_HEAP_FILE || DEFAULT_FILE).replace(/%p/g, String(process.pid));
    try {
        record(file);
        process.stderr.write(`record-node-heap: wrote ${file}, ${fs.statSync(file).size} bytes\n`);
    } catch (error) {
        process.stderr.write(`record-node-heap: cannot record to ${file}: ${error.message}\n`);
    }
}

function recordAtExitOrSignal() {
    process.on('SIGUSR2', () => {
        process.off('exit', recordAndReport);
        recordAndReport();
    });
    process.on('exit', recordAndReport);
}

/* Runs the program that the command line names as if Node had been started with it. */
function runProgram() {
    const words = process.argv.slice(2);
    if (words[0] === '--out' && words.length > 1) process.env.RECLAIM_HEAP_FILE = words.splice(0, 2)[1];
    if (words.length === 0 || words[0].startsWith('-')) {
        process.stderr.write('usage: record-node-heap.js [--out FILE] PROGRAM [ARGUMENT...]\n');
        process.exit(2);
    }
    process.argv = [process.argv[0], path.resolve(words[0]), ...words.slice(1)];
    recordAtExitOrSignal();
    require('module').runMain();
}

module.exports = { record };

if (require('worker_threads').isMainThread) {
    if (require.main === module) runProgram();
    else if (module.isPreloading) recordAtExitOrSignal();
}
