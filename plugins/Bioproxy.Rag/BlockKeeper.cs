using System.Threading.Channels;
using Bioproxy.Abstractions;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Rag;

/// <summary>Keeps remembered blocks across restarts. They are written in the background; no request waits for the disk.</summary>
internal sealed partial class BlockKeeper(IPluginServices services)
{
    public const int MaxBlocks = 1000;
    public const int MaxCharacters = 8_000_000;

    private readonly ILogger _logger = services.Logger;
    private readonly BlockMemory _memory = new(MaxBlocks, MaxCharacters);

    // One signal covers all unwritten changes.
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private Task _writing = Task.CompletedTask;

    /// <summary>Reads the blocks of earlier runs and starts the writer.</summary>
    public void Start()
    {
        try
        {
            var file = new BlockFile(Path.Combine(services.DataFolder, "blocks.json"));
            Load(file);
            _writing = Task.Run(() => WriteAsync(file), CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNoFolder(e);
        }
    }

    /// <summary>The block a message got; null if unknown.</summary>
    public string? Find(string key) => _memory.Find(key);

    /// <summary>Remembers a message's block.</summary>
    public void Remember(string key, string text)
    {
        _memory.Remember(key, text);
        _changed.Writer.TryWrite(true);
    }

    /// <summary>Writes pending changes and stops.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _changed.Writer.TryComplete();
        return _writing.WaitAsync(cancellationToken);
    }

    private void Load(BlockFile file)
    {
        try
        {
            foreach (var block in file.Read())
                _memory.Remember(block.Key, block.Text);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            LogDamaged(e.Message);
        }
    }

    private async Task WriteAsync(BlockFile file)
    {
        await foreach (var _ in _changed.Reader.ReadAllAsync())
        {
            try
            {
                file.Write(_memory.Blocks);
            }
            catch (Exception e)
            {
                // A failure must not end the background work; the next change triggers another attempt.
                LogNotWritten(e);
            }
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "/rag has no data folder: after a restart, conversations in which files have changed lose their KV cache")]
    private partial void LogNoFolder(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "/rag begins without the passages of earlier conversations. {Problem}")]
    private partial void LogDamaged(string problem);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "/rag cannot write down which passages a message got; the next question has it tried again")]
    private partial void LogNotWritten(Exception exception);
}
