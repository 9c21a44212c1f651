namespace Bioproxy.Host.Pool;

/// <summary>The whole numbers and texts among a GGUF file's metadata.</summary>
internal sealed class GgufMetadata
{
    // More than any model has, and little enough that products of these numbers do not overflow.
    private const long Largest = 100_000_000;

    private readonly Dictionary<string, object> _values = new(StringComparer.Ordinal);

    public string Architecture => _values.GetValueOrDefault("general.architecture") as string ?? "";

    /// <param name="key">The key.</param>
    /// <param name="value">A long, an array of longs or a string; null for what is not needed.</param>
    public void Add(string key, object? value)
    {
        if (value is not null)
            _values[key] = value;
    }

    public long? Number(string key) => _values.GetValueOrDefault(key) as long?;

    /// <summary>A number of this architecture: its keys begin with the architecture's name.</summary>
    public long OfArchitecture(string key, long defaultValue = 0) => Bounded(Number($"{Architecture}.{key}") ?? defaultValue);

    /// <summary>A number for each layer, where the file has either an array or one for all.</summary>
    public long[]? OfArchitecture(string key, int layers) => _values.GetValueOrDefault($"{Architecture}.{key}") switch
    {
        long[] each => [.. each.Select(Bounded)],
        long all => [.. Enumerable.Repeat(Bounded(all), layers)],
        _ => null,
    };

    private static long Bounded(long value) => Math.Clamp(value, 0, Largest);
}
