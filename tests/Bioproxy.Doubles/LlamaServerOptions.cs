namespace Bioproxy.Doubles;

/// <summary>How a real llama-server is started; null leaves the option out.</summary>
internal sealed record LlamaServerOptions
{
    /// <summary>The model; null starts router mode.</summary>
    public string? ModelPath { get; init; }

    /// <summary>Folder of the saved slots, made if missing. Null: the server refuses slot actions.</summary>
    public string? SlotSavePath { get; init; }

    /// <summary>Number of slots. Null: the server's own choice, four slots with one unified KV.</summary>
    public int? Parallel { get; init; }

    /// <summary>Tokens of all slots together.</summary>
    public int ContextSize { get; init; } = 16384;

    /// <summary>Tokens of a batch, which bounds a cancel and the steps of progress.</summary>
    public int? BatchSize { get; init; }

    /// <summary>The RAM prompt cache; 0 turns it off.</summary>
    public int? CacheRamMiB { get; init; }

    /// <summary>0 takes a free port.</summary>
    public int Port { get; init; }

    public string? Alias { get; init; }

    public int Threads { get; init; } = 2;

    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary>The whole command line after the program's name, for a port that is known.</summary>
    public IEnumerable<string> Arguments(int port)
    {
        static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

        List<string> arguments = ["--host", "127.0.0.1", "--port", Text(port), "-c", Text(ContextSize), "-t", Text(Threads)];
        if (ModelPath is not null)
            arguments.AddRange(["-m", ModelPath]);
        if (SlotSavePath is not null)
            arguments.AddRange(["--slot-save-path", SlotSavePath]);
        if (Parallel is { } parallel)
            arguments.AddRange(["-np", Text(parallel)]);
        if (BatchSize is { } batchSize)
            arguments.AddRange(["-b", Text(batchSize)]);
        if (CacheRamMiB is { } cacheRam)
            arguments.AddRange(["--cache-ram", Text(cacheRam)]);
        if (Alias is not null)
            arguments.AddRange(["--alias", Alias]);
        arguments.AddRange(ExtraArguments);
        return arguments;
    }
}
