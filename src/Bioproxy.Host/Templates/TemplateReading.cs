using System.Security.Cryptography;
using System.Text;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Templates;

/// <summary>
/// The files that one reading of a template looked for, including those it did not find: when one of them appears, the result may change.
/// Safe from any thread, because an engine that was abandoned may still be reading.
/// </summary>
internal sealed class TemplateReading(DateTimeOffset readAt)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, FileStamp> _stamps = new(StringComparer.Ordinal);
    private readonly StringBuilder _hashes = new();

    public IReadOnlyCollection<string> Files => [.. Stamps().Select(item => item.Key)];

    public void Missing(string path)
    {
        lock (_lock)
            _stamps[path] = FileStamp.Missing;
    }

    public void Found(TemplateFile file)
    {
        lock (_lock)
        {
            _stamps[file.Path] = file.Stamp;
            _hashes.Append(file.Hash).Append('\n');
        }
    }

    /// <summary>Whether another reading would certainly give the same.</summary>
    public bool IsCurrent() =>
        Array.TrueForAll(Stamps(), item => item.Value.IsReliable(readAt) && FileStamp.Of(item.Key) == item.Value);

    /// <summary>Whether the files look the same, though they may have been written again within a time stamp's resolution.</summary>
    public bool LooksUnchanged() => Array.TrueForAll(Stamps(), item => FileStamp.Of(item.Key) == item.Value);

    /// <summary>A hash over the contents of all files, in the order the engine asked for them.</summary>
    public string ContentHash()
    {
        lock (_lock)
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(_hashes.ToString())));
    }

    private KeyValuePair<string, FileStamp>[] Stamps()
    {
        lock (_lock)
            return [.. _stamps];
    }
}
