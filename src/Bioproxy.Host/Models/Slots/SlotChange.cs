namespace Bioproxy.Host.Models.Slots;

/// <summary>How a slot differs from what was last known of it.</summary>
internal enum SlotChange
{
    None,

    /// <summary>Its number of tokens is not what our work left; the content may still be ours.</summary>
    Suspected,

    /// <summary>Its task number rose.</summary>
    Seen,
}
