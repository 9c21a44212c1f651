using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Models.Snapshots;

/// <summary>
/// The names of our files in llama-server's slot folder. A free name is given out again before a new one, so there are never more files
/// than there were snapshots at one time. Names carry a mark of this state folder: two proxies may share a slot folder.
/// <para>
/// In a cluster no name is ever given out again: another proxy may know the snapshot that had it, and would restore what the file holds
/// now. Names carry 64 random bits there instead of a number, which need no memory that could be lost with the state folder. A state
/// folder that was part of a cluster once keeps to that: the others may still know its names.
/// </para>
/// </summary>
internal sealed partial class FileNames(StateFolder folder, ILogger logger)
{
    private const int RandomDigits = 16;

    private readonly Lock _lock = new();
    private readonly SortedSet<int> _free = [];
    private readonly ILogger _logger = logger;
    private string _mark = "";
    private int _next = 1;
    private volatile bool _areUnique;

    private string UniqueFile => Path.Combine(folder.Path, "unique-names");

    /// <summary>No name is given out twice from now on, in later runs neither.</summary>
    /// <exception cref="IOException">That could not be written down.</exception>
    /// <exception cref="UnauthorizedAccessException">That could not be written down.</exception>
    public void NeverReuse()
    {
        folder.Create();
        File.WriteAllText(UniqueFile, "");
        _areUnique = true;
    }

    /// <summary>Reads the mark, and learns which names are taken.</summary>
    public void Load(IEnumerable<string> taken)
    {
        var mark = ReadOrCreateMark();
        _areUnique |= File.Exists(UniqueFile);
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
        if (_areUnique)
            return $"bioproxy-{_mark}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomDigits / 2))}.bin";
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

    /// <summary>The name may be given out again, where names are.</summary>
    public void Free(string file)
    {
        lock (_lock)
        {
            if (NumberOf(file) is { } number && number < _next)
                _free.Add(number);
        }
    }

    /// <summary>Whether this proxy gave the name out.</summary>
    public bool IsOurs(string file) =>
        NumberOf(file) is not null || DigitsOf(file) is { Length: RandomDigits } digits && digits.All(char.IsAsciiHexDigitLower);

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

    private int? NumberOf(string file) => DigitsOf(file) is { Length: < RandomDigits } digits
        && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>What stands behind the mark; null where the name is another proxy's.</summary>
    private string? DigitsOf(string file)
    {
        const string Extension = ".bin";
        var start = $"bioproxy-{_mark}-";
        return file.StartsWith(start, StringComparison.Ordinal) && file.EndsWith(Extension, StringComparison.Ordinal)
            && file.Length > start.Length + Extension.Length
                ? file[start.Length..^Extension.Length]
                : null;
    }

    [LoggerMessage(LogLevel.Warning, "{Path} cannot be read or written ({Reason}): snapshots of this run will be orphans in the next.")]
    private partial void LogNoMark(string path, string reason);
}
