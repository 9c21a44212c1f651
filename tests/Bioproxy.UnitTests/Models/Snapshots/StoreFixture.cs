using System.Collections.Concurrent;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.UnitTests.PromptTests;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Models.Snapshots;

/// <summary>Snapshot stores over one temporary state folder.</summary>
internal sealed class StoreFixture : IDisposable
{
    private readonly string _base = Directory.CreateTempSubdirectory("bioproxy-test-").FullName;

    public StoreFixture()
    {
        Slots = Directory.CreateDirectory(Path.Combine(_base, "slots")).FullName;
        Options = new ProxyOptions { BaseDirectory = _base, StateDirectory = _base, KvMinFreeBytes = 0 };
        Folder = new StateFolder(Options);
        Folder.Create();
    }

    public string Slots { get; }

    public ProxyOptions Options { get; set; }

    public StateFolder Folder { get; }

    public FakeTimeProvider Time { get; } = new();

    public string[] Sidecars => Names("*.json");

    public string[] Quarantined => Names("*.quarantined");

    /// <summary>A store as after a start.</summary>
    public SnapshotStore Load()
    {
        var store = new SnapshotStore(Folder, Options, Time, NullLogger<SnapshotStore>.Instance);
        store.Load();
        return store;
    }

    public static Snapshot Of(string file, string text, string trigger = "", int day = 0)
    {
        using var prompt = TestPrompts.Of(text);
        return new Snapshot(file, trigger, "model", 7, "", 70, DateTimeOffset.UnixEpoch.AddDays(day), prompt.Chain);
    }

    public static Snapshot Add(SnapshotStore store, string file, string text, string trigger = "", int day = 0)
    {
        var snapshot = Of(file, text, trigger, day);
        store.Add(snapshot);
        return snapshot;
    }

    public void Dispose() => Directory.Delete(_base, recursive: true);

    private string[] Names(string pattern) =>
        [.. Directory.GetFiles(Folder.Snapshots, pattern).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    /// <summary>Records which files it was asked to shrink.</summary>
    internal sealed class Shrinker(Action<string>? onShrink = null) : IFileShrinker
    {
        public ConcurrentQueue<string> Files { get; } = new();

        public Task<bool> TryShrinkAsync(string file, CancellationToken cancellationToken)
        {
            onShrink?.Invoke(file);
            Files.Enqueue(file);
            return Task.FromResult(true);
        }
    }
}
