namespace Bioproxy.Host.Models.Slots;

/// <summary>Why the queue turned a request away.</summary>
internal enum QueueRefusal
{
    None,

    /// <summary>Too many are waiting already.</summary>
    Full,

    /// <summary>It waited as long as it may.</summary>
    TimedOut,
}
