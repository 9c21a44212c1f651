namespace Bioproxy.Host.Models.Slots;

/// <summary>What a poll of the slot list says about the process behind it.</summary>
internal enum SlotVerdict
{
    /// <summary>It is the process that was seen before.</summary>
    Same,

    /// <summary>Nothing contradicts that, and nothing proves it.</summary>
    Doubt,

    /// <summary>Its task numbers went back: another process.</summary>
    Restarted,
}
