using System.Collections.Concurrent;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>What the simulated servers of one run share: the clock, the choices of the seed, the slot directory, who wants which model, and
/// every promise that was broken.</summary>
internal sealed class FleetWorld(TestClock time, int seed, string slots)
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);
    private readonly Dictionary<string, (int Count, long Ended)> _wanted = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);

    public TestClock Time => time;

    /// <summary>The slot directory that all servers share.</summary>
    public string Slots => slots;

    public ConcurrentQueue<string> Violations { get; } = [];

    /// <summary>The proxy is being stopped: models go whether they are in use or not.</summary>
    public bool IsStopping { get; set; }

    /// <summary>What the run came by, for its own proof that it tried everything.</summary>
    public int Count(string what) => _counts.GetValueOrDefault(what);

    public IEnumerable<string> Counts => _counts.OrderBy(static one => one.Key, StringComparer.Ordinal).Select(static one => $"{one}");

    public void Add(string what) => _counts.AddOrUpdate(what, 1, static (_, before) => before + 1);

    public void Violate(string what) => Violations.Enqueue($"{time.GetUtcNow():mm:ss.fff} {what}");

    public int Next(int least, int most)
    {
        lock (_lock)
            return _random.Next(least, most);
    }

    public TimeSpan Milliseconds(int least, int most) => TimeSpan.FromMilliseconds(Next(least, most));

    /// <summary>A request has been routed to a model; it wants it until the result is disposed.</summary>
    public IDisposable Want(Backend backend)
    {
        var place = PlaceOf(backend.Name, backend.Model);
        lock (_lock)
            _wanted[place] = (_wanted.GetValueOrDefault(place).Count + 1, 0);
        return new Wanting(() =>
        {
            lock (_lock)
                _wanted[place] = (_wanted[place].Count - 1, time.GetTimestamp());
        });
    }

    /// <summary>A server begins to load a model. A request that leaves in this very instant still wanted it.</summary>
    public void Loads(string backend, string? model)
    {
        Add("loads");
        lock (_lock)
        {
            var wanted = _wanted.GetValueOrDefault(PlaceOf(backend, model));
            if (wanted.Count == 0 && wanted.Ended != time.GetTimestamp())
                Violate($"{backend} loads {model} without a request");
        }
    }

    private static string PlaceOf(string backend, string? model) => $"{backend}/{model}";

    private sealed class Wanting(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
