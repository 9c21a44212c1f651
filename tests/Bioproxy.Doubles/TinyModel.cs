using System.Globalization;

namespace Bioproxy.Doubles;

/// <summary>Models with random weights that a real llama-server loads: made here, no download.</summary>
internal static class TinyModel
{
    // Part of the file name: raise it when the writer changes.
    private const int Version = 1;

    /// <summary>
    /// The path of the model, written now if it does not exist. Two seeds give two models of the same shape: a llama-server takes the saved
    /// states of one for those of the other.
    /// </summary>
    /// <param name="arch">The architecture.</param>
    /// <param name="seed">Decides every weight.</param>
    /// <param name="size">How large, and therefore how slow.</param>
    /// <param name="folder">Where to keep it; by default <c>models</c> in <see cref="RepositoryFolder.Tools"/>.</param>
    public static string Ensure(TinyArchitecture arch, int seed, TinySize size = TinySize.Small, string? folder = null)
    {
        folder ??= Path.Combine(RepositoryFolder.Tools, "models");
        Directory.CreateDirectory(folder);
        var name = string.Create(CultureInfo.InvariantCulture, $"tiny-{Lower(arch)}-{Lower(size)}-{seed}-v{Version}.gguf");
        var path = Path.Combine(folder, name);
        if (File.Exists(path))
            return path;

        // Renamed when complete: another test process may look for it at the same time.
        var temporary = string.Create(CultureInfo.InvariantCulture, $"{path}.{Guid.NewGuid():N}.tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 20))
                TinyModelWriter.Write(stream, arch, seed, TinyShape.Of(size));
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }

        return path;
    }

    private static string Lower<T>(T value)
        where T : struct, Enum
        => value.ToString().ToLowerInvariant();
}
