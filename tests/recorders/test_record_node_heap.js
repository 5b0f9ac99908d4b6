#!/usr/bin/env node
'use strict';
/* Tests scripts/record-node-heap.js on programs run in processes of their own. */

const assert = require('assert');
const { spawn, spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const zlib = require('zlib');

const RECORDER = path.resolve(__dirname, '../../scripts/record-node-heap.js');

/* A program with contents that must not be recorded, in every place where a snapshot would tell them. */
const PROGRAM = `
    class PrivateClass { constructor() { this.privateProperty = 'private contents'; } }
    globalThis.kept = [new PrivateClass(), { 987654321: 'private key' }, Symbol('private symbol')];
    globalThis.map = new Map([['private map key', 1]]);
    globalThis.ring = [];
    for (let i = 0; i < Number(process.argv[2]); i++) ring.push({ previous: ring[i - 1], index: i });
    console.log(require.main === module, process.argv.slice(2).join());
`;

function readSnapshot(file) {
    const bytes = fs.readFileSync(file);
    const text = (file.endsWith('.gz') ? zlib.gunzipSync(bytes) : bytes).toString();
    const document = JSON.parse(text);
    const { node_fields, edge_fields } = document.snapshot.meta;
    assert.strictEqual(document.nodes.length, document.snapshot.node_count * node_fields.length);
    assert.strictEqual(document.edges.length, document.snapshot.edge_count * edge_fields.length);
    return { text, document, nodes: document.snapshot.node_count };
}

function column(document, section, fields, name) {
    const names = document.snapshot.meta[fields];
    return document[section].filter((_, i) => i % names.length === names.indexOf(name));
}

function run(folder, words, environment) {
    fs.writeFileSync(path.join(folder, 'app.js'), PROGRAM);
    const options = { cwd: folder, env: { ...process.env, ...environment }, encoding: 'utf8' };
    return spawnSync(process.execPath, words, options);
}

function record(folder, file, count) {
    const result = run(folder, ['--require', RECORDER, 'app.js', count], { RECLAIM_HEAP_FILE: file });
    assert.strictEqual(result.status, 0, result.stderr);
    assert.strictEqual(result.stdout, `true ${count}\n`);
    return readSnapshot(path.join(folder, file));
}

const tests = {
    erasesContentsAndKeepsShape(folder) {
        const { text, document } = record(folder, 'app.heapsnapshot', '10');
        assert.doesNotMatch(text, /private|987654321|previous/i);
        assert.deepStrictEqual(new Set(document.strings), new Set(['']));
        assert.deepStrictEqual(new Set(column(document, 'nodes', 'node_fields', 'name')), new Set([0]));
        assert.deepStrictEqual(new Set(column(document, 'edges', 'edge_fields', 'name_or_index')), new Set([0]));
        for (const section of ['trace_function_infos', 'trace_tree', 'samples', 'locations'])
            assert.deepStrictEqual(document[section], []);
        const edges = column(document, 'nodes', 'node_fields', 'edge_count').reduce((a, b) => a + b);
        assert.strictEqual(edges, document.snapshot.edge_count);
    },

    recordsTheObjectsOfTheProgram(folder) {
        const some = record(folder, 'some.heapsnapshot', '10');
        const more = record(folder, 'more.heapsnapshot', '20010');
        const added = more.nodes - some.nodes;
        assert.ok(added > 19500 && added < 20500, `${added} objects were added`);
    },

    compressesWhenTheNameSaysSo(folder) {
        assert.ok(record(folder, 'app.heapsnapshot.gz', '10').nodes > 10000);
        assert.deepStrictEqual(fs.readdirSync(folder).sort(), ['app.heapsnapshot.gz', 'app.js']);
    },

    runsTheProgramThatTheCommandLineNames(folder) {
        const result = run(folder, [RECORDER, '--out', 'heap-%p.heapsnapshot', 'app.js', '3', '--out']);
        assert.strictEqual(result.stdout, 'true 3,--out\n');
        const recorded = fs.readdirSync(folder).filter((name) => /^heap-\d+\.heapsnapshot$/.test(name));
        assert.strictEqual(recorded.length, 1);
        readSnapshot(path.join(folder, recorded[0]));
    },

    recordsWhenTheProgramCallsExit(folder) {
        const script = 'globalThis.data = [1, 2]; process.exit(3)';
        const result = run(folder, ['--require', RECORDER, '-e', script], { RECLAIM_HEAP_FILE: 'a.heapsnapshot' });
        assert.strictEqual(result.status, 3);
        readSnapshot(path.join(folder, 'a.heapsnapshot'));
    },

    recordsWhenAskedAsAModule(folder) {
        const script = `const { record } = require(${JSON.stringify(RECORDER)});
            record('a.heapsnapshot');
            record('b.heapsnapshot.gz');`;
        const result = run(folder, ['-e', script]);
        assert.strictEqual(result.status, 0, result.stderr);
        assert.strictEqual(result.stderr, '');
        assert.deepStrictEqual(fs.readdirSync(folder).sort(), ['a.heapsnapshot', 'app.js', 'b.heapsnapshot.gz']);
        readSnapshot(path.join(folder, 'a.heapsnapshot'));
        readSnapshot(path.join(folder, 'b.heapsnapshot.gz'));
    },

    async recordsOnASignal(folder) {
        const environment = { ...process.env, RECLAIM_HEAP_FILE: 'a.heapsnapshot' };
        const script = `setInterval(() => {}, 1000);
            process.on('SIGTERM', () => process.exit(0));
            console.log('ready');`;
        const child = spawn(process.execPath, ['--require', RECORDER, '-e', script], { cwd: folder, env: environment });
        await new Promise((resolve) => child.stdout.once('data', resolve));
        child.kill('SIGUSR2');
        await new Promise((resolve) => child.stderr.once('data', resolve));
        readSnapshot(path.join(folder, 'a.heapsnapshot'));
        fs.unlinkSync(path.join(folder, 'a.heapsnapshot'));
        child.kill('SIGTERM');
        await new Promise((resolve) => child.once('exit', resolve));
        assert.deepStrictEqual(fs.readdirSync(folder), []); /* not again at the exit */
    },

    leavesWorkerThreadsAlone(folder) {
        const script = "const { Worker } = require('worker_threads'); new Worker('1', { eval: true })";
        const result = run(folder, ['--require', RECORDER, '-e', script], { RECLAIM_HEAP_FILE: 'a.heapsnapshot' });
        assert.strictEqual(result.stderr.match(/wrote/g).length, 1);
    },

    tellsWhatCannotBeWritten(folder) {
        fs.mkdirSync(path.join(folder, 'taken'));
        for (const file of ['missing/a.heapsnapshot', 'taken']) {
            const result = run(folder, ['--require', RECORDER, 'app.js', '3'], { RECLAIM_HEAP_FILE: file });
            assert.strictEqual(result.status, 0);
            assert.match(result.stderr, new RegExp(`^record-node-heap: cannot record to ${file}: E.*\n$`));
        }
        assert.deepStrictEqual(fs.readdirSync(folder).sort(), ['app.js', 'taken']);
    },

    tellsHowItIsUsed(folder) {
        for (const words of [[], ['--out'], ['--wrong', 'app.js']]) {
            const result = run(folder, [RECORDER, ...words]);
            assert.strictEqual(result.status, 2);
            assert.match(result.stderr, /^usage: /);
        }
    },
};

async function main() {
    for (const [name, test] of Object.entries(tests)) {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'record-node-heap-'));
        try {
            await test(folder);
            console.log(`ok ${name}`);
        } catch (error) {
            console.log(`not ok ${name}\n${error.stack}`);
            process.exitCode = 1;
        } finally {
            fs.rmSync(folder, { recursive: true });
        }
    }
}

main();
