using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Microsoft.Extensions.Logging;

namespace Bioproxy.UnitTests.Templates;

/// <summary>A temporary configuration folder with templates for <see cref="IncludingEngine"/>, and a library over it.</summary>
internal sealed class TemplateFolder : IDisposable, ILogger<TemplateLibrary>
{
    private readonly ProxyMetrics _metrics = new(TimeProvider.System);

    public TemplateFolder() => Folder = Directory.CreateDirectory(Path.Combine(Outer, "config")).FullName;

    /// <summary>The folder around the configuration folder, outside the roots.</summary>
    public string Outer { get; } = Directory.CreateTempSubdirectory("bioproxy-templates-").FullName;

    public string Folder { get; }

    public List<string> Warnings { get; } = [];

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public IncludingEngine Engine { get; } = new();

    /// <summary>Makes a file look old enough for its stamp to be trusted.</summary>
    public static string Age(string file)
    {
        File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file).AddMinutes(-5));
        return file;
    }

    public string Write(string path, string text) => Write(path, System.Text.Encoding.UTF8.GetBytes(text));

    public string Write(string path, byte[] bytes)
    {
        var file = Path.Combine(Folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, bytes);
        return file;
    }

    /// <summary>Replaces a file as editors do: written aside, renamed over.</summary>
    public void Replace(string path, string text) => File.Move(Write(path + "~", text), Path.Combine(Folder, path), overwrite: true);

    public TemplateLibrary Library(params (string Prefix, string Path)[] prefixes) => Library([Folder], prefixes);

    public TemplateLibrary Library(string[] roots, params (string Prefix, string Path)[] prefixes)
    {
        var library = new TemplateLibrary(
            new ProxyOptions
            {
                BaseDirectory = Folder,
                StateDirectory = Folder,
                Prefixes = [.. prefixes.Select(item => KeyValuePair.Create(item.Prefix, Path.Combine(Folder, item.Path)))],
                TemplateRoots = roots,
            },
            _metrics,
            Time,
            this);
        library.UseEngines(new Dictionary<string, ITemplateEngine> { [".txt"] = Engine });
        return library;
    }

    public void Dispose()
    {
        _metrics.Dispose();
        Directory.Delete(Outer, recursive: true);
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel >= LogLevel.Warning)
            Warnings.Add(formatter(state, exception));
    }
}
