using System.Security.Cryptography;
using System.Text;

namespace Bioproxy.Host.Templates;

/// <summary>All files that one reading of a template looked for, those it did not find too: when one appears, the result may change.</summary>
internal sealed class TemplateReading(DateTimeOffset readAt)
{
    private readonly Dictionary<string, FileStamp> _stamps = new(StringComparer.Ordinal);
    private readonly StringBuilder _hashes = new();

    public IReadOnlyCollection<string> Files => _stamps.Keys;

    public void Missing(string path) => _stamps[path] = FileStamp.Missing;

    public void Found(TemplateFile file)
    {
        _stamps[file.Path] = file.Stamp;
        _hashes.Append(file.Hash).Append('\n');
    }

    /// <summary>Whether reading again would give the same.</summary>
    public bool IsCurrent() => _stamps.All(item => item.Value.IsReliable(readAt) && FileStamp.Of(item.Key) == item.Value);

    /// <summary>Over the contents of all files, in the order the engine asked for them.</summary>
    public string ContentHash() => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(_hashes.ToString())));
}
