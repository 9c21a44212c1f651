using System.Globalization;
using System.Text;

namespace Bioproxy.Host.Configuration;

/// <summary>Where the pool keeps its files.</summary>
/// <param name="Children">One file for each running child, by which the next proxy recognises those that were left over.</param>
/// <param name="Slots">Below it each model has a folder for its saved slots.</param>
/// <param name="Work">Where relative paths in commands start.</param>
internal sealed record PoolFolders(string Children, string Slots, string Work)
{
    public static PoolFolders Of(ProxyOptions options)
    {
        var pool = Path.Combine(options.StateDirectory, "pool");
        return new PoolFolders(Path.Combine(pool, "children"), Path.Combine(pool, "slots"), options.BaseDirectory);
    }

    /// <summary>The slot folder of a model: <c>${slots}</c> in its command. Two models never share one.</summary>
    public string SlotsOf(string model) => Path.Combine(Slots, FileName(model));

    /// <summary>Creates the slot folder of a model for its owner only: saved states contain prompts.</summary>
    public void CreateSlotsOf(string model)
    {
        // The mode applies to the last folder of a path only.
        foreach (var folder in new[] { Slots, SlotsOf(model) })
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>A name that every file system takes; different names stay different.</summary>
    private static string FileName(string model)
    {
        var name = new StringBuilder(model.Length);
        foreach (var unit in Encoding.UTF8.GetBytes(model))
        {
            var c = (char)unit;
            var isPlain = char.IsAsciiLetterOrDigit(c) || c is '-' or '_' || (c == '.' && name.Length > 0);
            name.Append(isPlain ? c.ToString() : string.Create(CultureInfo.InvariantCulture, $"%{unit:x2}"));
        }

        return name.ToString();
    }
}
