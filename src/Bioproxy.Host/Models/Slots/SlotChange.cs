namespace Bioproxy.Host.Models.Slots;

/// <summary>How a slot differs from what was last known of it.</summary>
internal enum SlotChange
{
    None,

    /// <summary>Unpinned work ran beside ours, which ended without telling its number of tokens. Where the other is found in another
    /// slot, the content is ours.</summary>
    Disputed,

    /// <summary>Its number of tokens is not what our work left, or work of ours may have begun late; the content may still be ours.
    /// </summary>
    Suspected,

    /// <summary>Its task number rose.</summary>
    Seen,
}
