using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// The names of our files in llama-server's slot folder. A free name is given out again before a new one, so there are never more files
/// than there were snapshots at one time. Names carry a mark of this state folder: two proxies may share a slot folder.
/// </summary>
internal sealed partial class FileNames(StateFolder folder, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly SortedSet<int> _free = [];
    private readonly ILogger _logger = logger;
    private string _mark = "";
    private int _next = 1;

    /// <summary>Reads the mark, and learns which names are taken.</summary>
    public void Load(IEnumerable<string> taken)
    {
        var mark = ReadOrCreateMark();
        lock (_lock)
        {
            _mark = mark;
            var numbers = taken.Select(NumberOf).OfType<int>().ToHashSet();
            _next = numbers.Count == 0 ? 1 : numbers.Max() + 1;
            _free.Clear();
            _free.UnionWith(Enumerable.Range(1, _next - 1).Except(numbers));
        }
    }

    /// <summary>A name that no snapshot uses.</summary>
    public string Take()
    {
        lock (_lock)
        {
            var number = _next;
            if (_free.Count > 0)
                _free.Remove(number = _free.Min);
            else
                _next++;
            return $"bioproxy-{_mark}-{number.ToString("0000", CultureInfo.InvariantCulture)}.bin";
        }
    }

    /// <summary>The name may be given out again.</summary>
    public void Free(string file)
    {
        lock (_lock)
        {
            if (NumberOf(file) is { } number && number < _next)
                _free.Add(number);
        }
    }

    /// <summary>Whether this proxy gave the name out.</summary>
    public bool IsOurs(string file) => NumberOf(file) is not null;

    private string ReadOrCreateMark()
    {
        var path = Path.Combine(folder.Path, "mark");
        try
        {
            if (File.Exists(path) && File.ReadAllText(path).Trim() is { Length: 6 } known && known.All(char.IsAsciiHexDigitLower))
                return known;
            var mark = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3));
            File.WriteAllText(path, mark);
            return mark;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNoMark(path, e.Message);
            return Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3));
        }
    }

    private int? NumberOf(string file)
    {
        const string Extension = ".bin";
        var start = $"bioproxy-{_mark}-";
        if (!file.StartsWith(start, StringComparison.Ordinal) || !file.EndsWith(Extension, StringComparison.Ordinal))
            return null;
        var digits = file.AsSpan(start.Length..^Extension.Length);
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    [LoggerMessage(LogLevel.Warning, "{Path} cannot be read or written ({Reason}): snapshots of this run will be orphans in the next.")]
    private partial void LogNoMark(string path, string reason);
}
