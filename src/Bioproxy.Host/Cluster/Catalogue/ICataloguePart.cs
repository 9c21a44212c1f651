namespace Bioproxy.Host.Cluster.Catalogue;

/// <summary>One kind of entries of the catalogue.</summary>
internal interface ICataloguePart
{
    /// <summary>What its keys begin with, up to the slash.</summary>
    string Kind { get; }

    /// <summary>All that this proxy knows: what follows in the key, the value (null for what was removed), and the time.</summary>
    IEnumerable<(string Name, byte[]? Value, DateTimeOffset At)> Entries { get; }

    /// <summary>Another proxy wrote this, or removed it where the value is null. It may come twice, late, and in any order.</summary>
    /// <exception cref="System.Text.Json.JsonException">The value is not what this version writes.</exception>
    /// <exception cref="FormatException">The value is not what this version writes.</exception>
    /// <exception cref="IOException">It cannot be kept.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be kept.</exception>
    void Merge(string name, byte[]? value, DateTimeOffset at);

    /// <summary>Called every half minute, for what is not published at once.</summary>
    void Tick()
    {
        // mostly everything is published at once
    }
}
